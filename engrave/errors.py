"""One small tree of errors; each text says what was seen, what is needed and what to do.

EngraveError
├── AccessError       what was asked for may not be done here
├── ConfigError       a setting does not fit
├── PictureError      a file is no picture that can be read
├── PromptError       a text or a number of a request is out of range
├── RecipeError       a recipe cannot be followed
├── CheckpointError   weights are missing, damaged or of another version
├── CollectionError   a collection is missing or damaged
├── SourceError       what was to be imported cannot be read, or may not be
├── OriginalsError    scans of a collection cannot be fetched or kept
├── DataError         training data cannot be used
├── ReviewError       a project, a house style or an export cannot be read or written
└── VideoError        a film cannot be written
"""

import errno

FULL = (
    "The disk of this machine is full, so this could not be kept and nothing else was changed; "
    "make room there, then try again."
)


class EngraveError(Exception):
    """What a user can mend; its text is for the user."""


class AccessError(EngraveError):
    """What was asked for may not be done here."""


class ConfigError(EngraveError):
    """A setting does not fit."""


class PictureError(EngraveError):
    """A file is no picture that can be read."""


class PromptError(EngraveError):
    """A text or a number of a request is out of range."""


class RecipeError(EngraveError):
    """A recipe cannot be followed."""


class CheckpointError(EngraveError):
    """Weights are missing, damaged or of another version."""


class CollectionError(EngraveError):
    """A collection is missing or damaged."""


class SourceError(EngraveError):
    """What was to be imported cannot be read, or may not be."""


class OriginalsError(EngraveError):
    """Scans of a collection cannot be fetched or kept."""


class DataError(EngraveError):
    """Training data cannot be used."""


class ReviewError(EngraveError):
    """A project, a house style or an export cannot be read or written."""


class VideoError(EngraveError):
    """A film cannot be written."""


def is_full(error: BaseException | None) -> bool:
    """Tell whether a full disk is behind an error; libraries often hide the number in a text."""
    while error is not None:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
