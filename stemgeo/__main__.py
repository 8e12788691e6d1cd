"""`python -m stemgeo` is the command line."""

from stemgeo.cli import main

if __name__ == "__main__":
    main()
