"""Taking back what was booked for one event, also when it is killed in between."""
