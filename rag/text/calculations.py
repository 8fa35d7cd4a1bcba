"""Calculations with quantities: differences, sums, shares, the greatest and the least, and comparisons with a limit; exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any, Literal, get_args

from rag.text.quantities import Qualifier, Quantity, in_one_unit, opposite, quantities_in, together

Operation = Literal["difference", "sum", "share", "greatest", "least", "comparison"]
OPERATIONS: tuple[str, ...] = get_args(Operation)
Language = Literal["zh", "en"]
_PRECISION = 60
_SHARE = Decimal("0.01")
_SHOWN = 6
"""Quantities of a comparison that are written out."""
_NOTES = {
    "zh": "（原文{all}{words}之数，结果也只是{kind}）",
    "en": " (the sources say {words}, so the result is {kind})",
}
_KINDS = {
    "超过": ("“超过”之数", "a lower bound"),
    "至少": ("“至少”之数", "a lower bound"),
    "近": ("“近”之数", "an upper bound"),
    "不到": ("“不到”之数", "an upper bound"),
    "不超过": ("“不超过”之数", "an upper bound"),
    "约": ("约数", "approximate"),
}


@dataclass(frozen=True, slots=True)
class Calculation:
    """A calculation.

    Attributes:
        operation: what is done with the operands.
        operands: as they are told; of a difference the greater first, of a share the part, of a comparison the limit last.
        result: the difference, sum or share; the greatest or least; of a comparison the limit.
        is_rounded: whether the result is.
    """

    operation: Operation
    operands: tuple[Quantity, ...]
    result: Quantity
    is_rounded: bool = False

    def text(self, language: Language, names: Sequence[str] = ()) -> str:
        """The calculation written out: ``383.7万元 − 264万元 = 119.7万元``, with a note where it is not exact.

        Args:
            names: what the operands are of, to stand before them.
        """
        same = in_one_unit(self.operands)
        shown = [_converted(own, turned, language) for own, turned in zip(self.operands, same, strict=True)]
        if names:
            shown = [f"{name} {each}" for name, each in zip(names, shown, strict=True)]
        if self.operation == "comparison":
            return _SIGNS[_sign(same)].join(shown)
        if self.operation in ("greatest", "least"):
            ranked = sorted(
                zip(same, shown, strict=True), key=lambda pair: pair[0].value, reverse=self.operation == "greatest"
            )
            sign = " > " if self.operation == "greatest" else " < "
            text = ranked[0][1]
            for (before, _), (own, told) in pairwise(ranked[:_SHOWN]):
                text += f"{sign if before.value != own.value else ' = '}{told}"
            return f"{text}{sign}…" if len(ranked) > _SHOWN else text
        joint = {"difference": " − ", "sum": " + ", "share": " ÷ "}[self.operation]
        equals = "≈" if self.is_rounded else "="
        return f"{joint.join(shown)} {equals} {self.result.text}{self._note(language)}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: the operands and the result as they are told in Chinese, which can be read again."""
        return {
            "operation": self.operation,
            "operands": [each.told("zh") for each in self.operands],
            "result": self.result.told("zh"),
            "rounded": self.is_rounded,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Calculation":
        """The calculation of which :meth:`to_dict` made the JSON-ready form.

        Raises:
            ValueError: an operand or the result is no quantity.
        """
        read = [quantities_in(str(each)) for each in (*told["operands"], told["result"])]
        if any(len(each) != 1 for each in read):
            raise ValueError("an operand or the result is no quantity")
        *operands, result = (each[0] for each in read)
        return cls(told["operation"], tuple(operands), result, bool(told["rounded"]))

    def _note(self, language: Language) -> str:
        words = list(dict.fromkeys(each.qualifier for each in self.operands if each.qualifier))
        if not words or not self.result.qualifier:
            return ""
        kind = _KINDS[self.result.qualifier][language == "en"]
        if language == "en":
            told = " and ".join(f"“{Quantity(Decimal(0), qualifier=word).told('en').split(' 0')[0]}”" for word in words)
            return _NOTES["en"].format(words=told, kind=kind)
        every = "均为" if all(each.qualifier for each in self.operands) else "有"
        return _NOTES["zh"].format(all=every, words="".join(f"“{word}”" for word in words), kind=kind)


_SIGNS = {-1: " < ", 0: " = ", 1: " > "}


def calculated(operation: Operation, operands: Sequence[Quantity]) -> Calculation:
    """A calculation carried out.

    Args:
        operands: in the order that :class:`Calculation` tells, but for a difference in any.

    Raises:
        ValueError: the operands are too few, of several kinds, make no sum, or their bounds leave the result open.
    """
    if len(operands) < 2 or (operation in ("difference", "share", "comparison") and len(operands) != 2):
        raise ValueError(f"{len(operands)} operands for a {operation}")
    same = in_one_unit(operands)
    if not same[0].is_additive and operation in ("sum", "share"):
        raise ValueError(f"no {operation} of {same[0].text}")
    with localcontext(prec=_PRECISION):
        match operation:
            case "difference":
                return _difference(operands, same)
            case "sum":
                total = sum((each.amount for each in same), Decimal(0))
                qualifier = together([each.qualifier for each in same])
                return Calculation("sum", tuple(operands), _made(same[0], total, qualifier))
            case "share":
                return _share(operands, same)
            case "comparison":
                _sign(same)
                return Calculation("comparison", tuple(operands), operands[1])
            case "greatest" | "least":
                return _outermost(operation, operands, same)
    raise ValueError(operation)


def sign_of(first: Quantity, second: Quantity) -> int:
    """Whether the first of two quantities is the greater (1), the lesser (−1), or as much (0), as far as their bounds show.

    Raises:
        ValueError: they are of several kinds, or their bounds leave it open.
    """
    return _sign(in_one_unit([first, second]))


def _difference(operands: Sequence[Quantity], same: Sequence[Quantity]) -> Calculation:
    if same[0].value < same[1].value:
        operands, same = operands[::-1], same[::-1]
    greater, less = same
    result = _made(greater, greater.amount - less.amount, together([greater.qualifier, opposite(less.qualifier)]))
    if result.unit == "%":
        result = replace(result, unit="个百分点")
    if greater.qualifier and less.qualifier:  # two bounds leave the difference open on both sides
        result = replace(result, qualifier="约")
    return Calculation("difference", tuple(operands), result)


def _share(operands: Sequence[Quantity], same: Sequence[Quantity]) -> Calculation:
    part, whole = same
    if not whole.amount or part.amount > whole.amount:
        raise ValueError("no part of it")
    exact = part.amount * 100 / whole.amount
    rounded = exact.quantize(_SHARE)
    shortest = rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded.normalize()
    qualifier = together([part.qualifier, opposite(whole.qualifier)])
    result = Quantity(shortest, unit="%", qualifier=qualifier)
    return Calculation("share", tuple(operands), result, rounded * whole.amount != part.amount * 100)


def _outermost(
    operation: Literal["greatest", "least"], operands: Sequence[Quantity], same: Sequence[Quantity]
) -> Calculation:
    pick = max if operation == "greatest" else min
    place = pick(range(len(same)), key=lambda number: same[number].value)
    away = -1 if operation == "greatest" else 1
    for number, each in enumerate(same):
        if number != place and each.value != same[place].value:
            _sign([same[place], each])
        elif number != place and (each.qualifier or same[place].qualifier):
            raise ValueError("their bounds leave open which it is")
    if same[place].bound == away and any(each.value == same[place].value for each in same if each is not same[place]):
        raise ValueError("their bounds leave open which it is")
    return Calculation(operation, tuple(operands), operands[place])


def _sign(same: Sequence[Quantity]) -> int:
    """As :func:`sign_of`, of quantities in one unit."""
    first, second = same
    if first.value == second.value:
        if first.qualifier or second.qualifier:
            if first.qualifier in ("超过",) and not second.qualifier:
                return 1
            if first.qualifier in ("近", "不到") and not second.qualifier:
                return -1
            raise ValueError("their bounds leave it open")
        return 0
    sign = 1 if first.value > second.value else -1
    if first.bound == -sign or second.bound == sign or "约" in (first.qualifier, second.qualifier):
        raise ValueError("their bounds leave it open")
    return sign


def _made(like: Quantity, amount: Decimal, qualifier: Qualifier) -> Quantity:
    return replace(like, amount=amount, qualifier=qualifier)


def _converted(own: Quantity, turned: Quantity, language: Language) -> str:
    """A quantity as it is written; in the unit of the others behind it where that is another."""
    if own.text == turned.text:
        return own.text
    return f"{own.text}（{turned.text}）" if language == "zh" else f"{own.text} ({turned.text})"
