"""Computes nothing: the languages of the house. Dutch comes first."""

from enum import StrEnum


class Language(StrEnum):
    """The languages in which the house speaks to its users."""

    DUTCH = "nl"
    ENGLISH = "en"
