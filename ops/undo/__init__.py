"""Taking back what was booked for one event."""
