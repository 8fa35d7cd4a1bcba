"""The run as JUnit XML: one test case a question, so that a CI server lists what failed and why."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from eval.runs import Run
from eval.verdicts import verdict

# What XML 1.0 may not hold, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def document(run: Run) -> str:
    """The run as JUnit XML. Questions that an unfinished run has not asked are skipped ones."""
    verdicts = {row.question.id: verdict(row) for row in run.rows}
    failed = sum(found.outcome in ("wrong", "silent", "answered") for found in verdicts.values())
    suite = Element(
        "testsuite",
        name="youju eval",
        tests=str(len(run.ids)),
        failures=str(failed),
        errors=str(sum(found.outcome == "error" for found in verdicts.values())),
        skipped=str(len(run.ids) - len(run.rows)),
        time=f"{sum(row.seconds for row in run.rows):.3f}",
        timestamp=str(run.environment.get("began", ""))[:19],
    )
    properties = SubElement(suite, "properties")
    for name, value in run.settings.items():
        SubElement(properties, "property", name=_clean(name), value=_clean(str(value)))
    for row in run.rows:
        question, found = row.question, verdicts[row.question.id]
        case = SubElement(
            suite,
            "testcase",
            classname=_clean(f"{question.split}.{question.kind}"),
            name=_clean(f"{question.id}: {question.question}"),
            time=f"{row.seconds:.3f}",
        )
        if found.outcome not in ("right", "unjudged"):
            kind = "error" if found.outcome == "error" else "failure"
            SubElement(case, kind, type=found.outcome, message=_clean(found.reason)).text = _clean(row.answer)
    answered = {row.question.id for row in run.rows}
    for identifier in run.ids:
        if identifier not in answered:
            SubElement(SubElement(suite, "testcase", classname="left", name=_clean(identifier), time="0"), "skipped")
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
