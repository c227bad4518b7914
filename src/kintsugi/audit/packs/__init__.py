"""Evidence packs: all that is known about a device, a lot, a run or a period, in one file that is
verified without the product."""
