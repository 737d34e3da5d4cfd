"""What gets killed, cut, frozen or lost, and what is booked all the same."""
