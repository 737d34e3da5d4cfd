"""P1 to P7 and P11 to P13: the whole product in processes of its own, beside peers that do the same job."""
