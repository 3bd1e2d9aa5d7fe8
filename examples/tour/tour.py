# For the steps of the tour that run on the firmware.


def step(title):
    # The PC gives it a number.
    print("<step> " + title)


def say(text, *args):
    print(text % args)
