"""What can go wrong with uploaded media.

MediaError            the user's files or options don't do; the message is for the user
└── UploadConflict    the upload is at another place than the client believes; ask and resume
"""


class MediaError(Exception):
    """The uploaded files or the options don't do; the message is for the user."""


class UploadConflict(MediaError):
    """The bytes don't continue what was received; the client asks for the offset and resumes."""
