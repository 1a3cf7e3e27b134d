"""`python -m mt_course` is the command `minitorch`."""

from mt_course.cli import main

if __name__ == "__main__":
    main()
