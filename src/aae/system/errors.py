"""The one exception that a stage turns into one line and a non-zero exit."""


class UserError(Exception):
    """Something the user can mend; its text is one line: what, where, and what is allowed."""
