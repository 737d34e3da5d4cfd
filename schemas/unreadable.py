"""A webhook that was signed but could not be read: it travels as an event, so that a person sees it."""

from schemas.shape import Shape, Text, Time


class UnreadableWebhook(Shape):
    """The raw body (base64), so that a Retry can read it again with newer code."""

    platform: Text
    topic: Text
    body_base64: str
    headers: dict[str, str]
    received_at: Time
    problem: Text
