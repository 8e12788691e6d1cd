"""The parts of the generator of the example study; `data/make_sample.py` runs them."""
