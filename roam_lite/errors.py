"""The one error that a user of the package sees for bad input."""


class InputError(ValueError):
    """Something that the caller gave cannot be used.

    The message names what was given (file, frame, value) and says what to do about it.
    """
