"""What schemathesis cannot write by itself: a signed fact alone (application/jose) and a file are text."""

import schemathesis


@schemathesis.serializer("application/jose")
def jose(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("application/octet-stream")
def file(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()
