"""A contact is erased: nothing of it is left in any table or error queue, and the books are as they were (A67)."""

from tests.ops.erasure.room import EMAIL, FIRST, MARKS, Archive


def test_a67_erased_contact_is_in_no_table_and_no_error_queue_and_the_books_keep_it(archive: Archive) -> None:
    archive.plant()
    planted = archive.places()

    shown = archive.json("contacts", "erase", "acme-woo", EMAIL, "--dry-run")
    erased = archive.json("contacts", "erase", "acme-woo", EMAIL, "--yes")

    assert planted == {
        "commands.arguments",
        "connections.settings",
        "edited_messages.original",
        "edited_messages.edited",
        "failed_messages.body",
        "failed_messages.message",
        "failed_messages.ignore_reason",
        "setting_versions.settings",
        "sync_mappings.store_id",
    }
    assert {**erased, "erased": False} == shown
    assert archive.places() == set()
    copies = archive.copies()
    assert set(copies) == {"order-2-paid", "order-4-paid", "kept-5", "order-6-paid", "event-7", "event-8"}
    assert [mark for mark in MARKS for copy in copies.values() if mark.encode() in copy] == []
    assert f"{FIRST} Markedlast" in archive.objects("Customer")
    assert len(archive.documents()) == 1
