# SPDX-License-Identifier: MIT
"""As much of unittest as MicroPython's own tests use.

MicroPython has no unittest of its own; its runner looks for it in a library that
Debian's source package leaves out. The last lines have the form that the runner
reads.
"""

import sys


class SkipTest(Exception):
    pass


def skip(reason):
    def decorate(function):
        def skipped(*args):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):
    return skip(reason) if condition else lambda function: function


def skipUnless(condition, reason):
    return skipIf(not condition, reason)


class _Raises:
    def __init__(self, expected):
        self.expected = expected
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            raise AssertionError("%r not raised" % self.expected)
        self.exception = value
        return issubclass(kind, self.expected)


class TestCase:
    def fail(self, message="failed"):
        raise AssertionError(message)

    def skipTest(self, reason):
        raise SkipTest(reason)

    def _check(self, good, first, word, second, message):
        if not good:
            raise AssertionError(message or "%r %s %r" % (first, word, second))

    def assertEqual(self, x, y, msg=""):
        self._check(x == y, x, "is not equal to", y, msg)

    def assertNotEqual(self, x, y, msg=""):
        self._check(x != y, x, "is equal to", y, msg)

    def assertIs(self, x, y, msg=""):
        self._check(x is y, x, "is not", y, msg)

    def assertIsNone(self, x, msg=""):
        self._check(x is None, x, "is not", None, msg)

    def assertIsNotNone(self, x, msg=""):
        self._check(x is not None, x, "is", None, msg)

    def assertTrue(self, x, msg=""):
        self._check(x, x, "is not", True, msg)

    def assertFalse(self, x, msg=""):
        self._check(not x, x, "is not", False, msg)

    def assertIn(self, x, y, msg=""):
        self._check(x in y, x, "is not in", y, msg)

    def assertNotIn(self, x, y, msg=""):
        self._check(x not in y, x, "is in", y, msg)

    def assertIsInstance(self, x, y, msg=""):
        self._check(isinstance(x, y), x, "is no instance of", y, msg)

    def assertLess(self, x, y, msg=""):
        self._check(x < y, x, "is not less than", y, msg)

    def assertGreater(self, x, y, msg=""):
        self._check(x > y, x, "is not greater than", y, msg)

    def assertRaises(self, exc, func=None, *args, **kwargs):
        context = _Raises(exc)
        if func is None:
            return context
        with context:
            func(*args, **kwargs)


def _run_one(case, name):
    """Run a test; what came of it, a key of the counts."""
    try:
        getattr(case, "setUp", lambda: None)()
        try:
            getattr(case, name)()
        finally:
            getattr(case, "tearDown", lambda: None)()
    except SkipTest as e:
        print("%s skipped: %s" % (name, e))
        return "skipped"
    except Exception as e:
        sys.print_exception(e)
        return "failures" if isinstance(e, AssertionError) else "errors"
    return "ok"


def _run_class(cls, counts):
    case = cls()
    getattr(cls, "setUpClass", lambda: None)()
    for name in sorted(dir(case)):
        if name.startswith("test") and callable(getattr(case, name)):
            outcome = _run_one(case, name)
            print(name, outcome)
            counts[outcome] = counts.get(outcome, 0) + 1
    getattr(cls, "tearDownClass", lambda: None)()


def main(module="__main__"):
    counts = {}
    scope = sys.modules[module] if isinstance(module, str) and module in sys.modules else None
    scope = scope or __import__(module)
    for name in dir(scope):
        cls = getattr(scope, name)
        if isinstance(cls, type) and issubclass(cls, TestCase) and cls is not TestCase:
            _run_class(cls, counts)
    failures, errors = counts.get("failures", 0), counts.get("errors", 0)
    print("-" * 70)
    print("Ran %d tests\n" % sum(counts.values()))
    if failures or errors:
        print("FAILED (failures=%d, errors=%d)" % (failures, errors))
    elif "skipped" in counts:
        print("OK (skipped=%d)" % counts["skipped"])
    else:
        print("OK")
