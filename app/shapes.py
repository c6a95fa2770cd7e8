"""Every fault of a document against a msgspec type, in plain English and without a word of what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeVar, get_type_hints

import msgspec
from msgspec import Struct, inspect

from app.faults import Fault, Faults, one, point
from app.strict_json import Unclean, Unwritable, odd_text, quick_tree, tolerant_tree

S = TypeVar("S", bound=Struct)
UNKNOWN: Final = "is not a field of this object"
REPEATED: Final = "is given more than once"
REQUIRED: Final = "is required"
FAULTS_TOLD: Final = 100
"""In one answer: more than anybody mends at once, and a body of nothing but faults is answered with few words."""
LEFT_OUT: Final = "has more faults than these; the others are left out"


class Member(NamedTuple):
    """One field of a shape: its type, the same inspected, whether it must be there, what is right for it."""

    hint: object
    kind: inspect.Type
    required: bool
    words: str


def read_body(raw: bytes, shape: type[S]) -> S | Faults:
    """A request body of this type, or everything that is wrong with it."""
    try:
        return msgspec.convert(quick_tree(raw), shape)
    except (Unclean, msgspec.ValidationError):
        tree = tolerant_tree(raw)
    if isinstance(tree, Faults):
        return tree
    members, faults = sift(tree, shape)
    return told(faults) if faults else msgspec.convert(members, shape)


def told(faults: Sequence[Fault], most: int = FAULTS_TOLD) -> Faults:
    """The faults of a document that has the wrong shape: the first of them, and whether there are more."""
    more = (Fault("", LEFT_OUT),) if len(faults) > most else ()
    return Faults("invalid", (*faults[:most], *more))


def sift(tree: object, shape: type[Struct], pointer: str = "") -> tuple[dict[str, object], list[Fault]]:
    """
    The members that are as they should be, and the faults of the others. A null is an absent field.

    Of members nobody knows it stops telling at one more than `told` takes, so that they cost hardly anything.
    """
    if not isinstance(tree, dict):
        return {}, [Fault(pointer, "must be an object")]
    good: dict[str, object] = {}
    faults = [Fault(point(pointer, name), REPEATED) for name in getattr(tree, "repeated", ())]
    members = _members_of(shape)
    for name, value in tree.items():
        member = members.get(name)
        if member is None:
            if len(faults) <= FAULTS_TOLD:
                faults.append(Fault(point(pointer, name), UNKNOWN))
            continue
        here = point(pointer, name)
        kept, found = _sift_value(value, member, here)
        faults += found
        if not found or kept is not None:
            good[name] = kept
    faults += [
        Fault(f"{pointer}/{name}", REQUIRED) for name, m in members.items() if m.required and name not in tree
    ]
    return good, faults


def _sift_value(value: object, member: Member, here: str) -> tuple[object, list[Fault]]:
    if isinstance(value, Unwritable):
        return None, [Fault(here, value.value)]
    kind = member.kind
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        return _sift_nested(value, kind.cls, here)
    if isinstance(kind, inspect.DictType) and isinstance(value, dict):
        return _sift_map(value, kind, here)
    odd = odd_text(value)
    if odd is not None:
        return None, [Fault(here, odd)]
    try:
        msgspec.convert(value, member.hint)
    except (msgspec.ValidationError, OverflowError):
        return None, [Fault(here, member.words)]
    return value, []


def _sift_nested(value: Mapping[str, object], shape: type[Struct], here: str) -> tuple[object, list[Fault]]:
    good, faults = sift(value, shape, here)
    whole = all(name in good for name, member in _members_of(shape).items() if member.required)
    return (good if whole else None), faults


def _sift_map(value: Mapping[str, object], kind: inspect.DictType, here: str) -> tuple[object, list[Fault]]:
    faults = [Fault(point(here, name), REPEATED) for name in getattr(value, "repeated", ())]
    if kind.max_length is not None and len(value) > kind.max_length:
        faults.append(Fault(here, f"must hold at most {kind.max_length} values"))
    for name, item in value.items():
        if len(faults) > FAULTS_TOLD:
            break
        there = point(here, name)
        if isinstance(kind.key_type, inspect.StrType) and (not _fits(name, kind.key_type) or odd_text(name)):
            faults.append(Fault(there, f"must have a name that is {words_for(kind.key_type)}"))
        wrong = item.value if isinstance(item, Unwritable) else odd_text(item)
        if wrong is None and not _is_one_of(item, kind.value_type):
            wrong = f"must be {words_for(kind.value_type)}"
        if wrong is not None:
            faults.append(Fault(there, wrong))
    return (None if faults else value), faults


def _fits(text: str, kind: inspect.StrType) -> bool:
    return (kind.min_length or 0) <= len(text) and (kind.max_length is None or len(text) <= kind.max_length)


def _is_one_of(value: object, kind: inspect.Type) -> bool:
    """Whether a map's value is of one of its scalar types. A bool is not a number."""
    if isinstance(kind, inspect.UnionType):
        return any(_is_one_of(value, choice) for choice in kind.types)
    if isinstance(kind, inspect.StrType):
        return isinstance(value, str) and _fits(value, kind)
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return False


@cache
def _members_of(shape: type[Struct]) -> Mapping[str, Member]:
    hints = get_type_hints(shape, include_extras=True)
    info = inspect.type_info(shape)
    if not isinstance(info, inspect.StructType):
        raise TypeError(shape)
    return {
        field.encode_name: Member(
            hints[field.name], _bare(field.type), field.required, f"must be {words_for(field.type)}"
        )
        for field in info.fields
    }


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type without its description, and without null where that is the only other choice."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        choices = [_bare(choice) for choice in kind.types if not isinstance(choice, inspect.NoneType)]
        return choices[0] if len(choices) == 1 else inspect.UnionType(tuple(choices))
    return kind


def words_for(kind: inspect.Type) -> str:  # noqa: PLR0911 - one sentence a type
    """What is right for a value of this type, to follow "must be"."""
    match _bare(kind):
        case inspect.StrType(pattern=str(pattern)):
            return f"text of the form {pattern}"
        case inspect.StrType(min_length=least, max_length=most):
            return f"text of {least or 0} to {most} characters" if most is not None else "text"
        case inspect.IntType(ge=low, le=high):
            within = f" from {low} to {high}" if low is not None and high is not None else ""
            return f"a whole number{within}, written without fraction or exponent"
        case inspect.FloatType(ge=low, le=high):
            return (
                f"a number from {low:g} to {high:g}" if low is not None and high is not None else "a number"
            )
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return "one of: " + ", ".join(str(value) for value in values)
        case inspect.DateTimeType():
            return "an RFC 3339 instant with an offset, such as 2026-01-31T12:00:00Z"
        case inspect.UnionType(types=types):
            return ", or ".join(dict.fromkeys(words_for(choice) for choice in types))
        case inspect.StructType() | inspect.DictType():
            return "an object"
    return "of another type"


def too_large(most_bytes: int) -> Faults:
    """A body of more bytes than are taken."""
    return one("too_large", "", f"must be at most {most_bytes:,} bytes")
