"""What schemathesis cannot write by itself: a signed fact alone (application/jose) is text."""

import schemathesis


@schemathesis.serializer("application/jose")
def jose(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()
