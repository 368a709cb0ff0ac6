"""What the owner wants said on devices, and the voice that they and others may borrow."""
