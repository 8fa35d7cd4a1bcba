"""A LangChain chain: several questions at once, each answered by Youju and put into a line with its sources.

Run it: ``python examples/langchain_chain.py my-index "青山湖大桥全长多少米？" "市图书馆周几闭馆？"``.
"""

import sys

from langchain_core.runnables import Runnable, RunnableLambda

import rag


def told(answer: rag.Answer) -> str:
    """An answer with the files that it cites, in a line."""
    sources = "、".join(dict.fromkeys(citation.document.title for citation in answer.citations))
    return f"{answer.question} {' '.join(answer.text.splitlines())}" + (f"（{sources}）" if sources else "")


def chain(assistant: rag.Assistant) -> Runnable[str, str]:
    """Questions in, lines out. What the documents do not answer comes as the sentence that says so."""
    return assistant.as_runnable() | RunnableLambda(told)


def main(index: str, *questions: str) -> None:
    """Prints a line for each question."""
    with rag.Assistant.open(index) as assistant:
        for line in chain(assistant).batch(list(questions), config={"max_concurrency": 1}):
            print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
