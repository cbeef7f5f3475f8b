"""Architecture only: no device, disk, clock or training loss is known here."""
