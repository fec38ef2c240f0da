"""`python -m bench`; all it does stands elsewhere, since every process that is started reads this file."""

if __name__ == "__main__":
    from bench._harness.command import main

    main()
