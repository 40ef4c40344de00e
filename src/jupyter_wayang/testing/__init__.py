"""The conformance suite: what a platform must do with every operator that it declares.

A platform of your own is tested by the same cases as those that come with this package, as soon as it is installed::

    pytest --wayang-platform NAME --pyargs jupyter_wayang.testing.suite

``NAME`` is its name under the entry point ``jupyter_wayang.platforms``, or where it is: ``my_package:PLATFORM``. In a test
module of your own ``from jupyter_wayang.testing.suite import *`` does the same, with the option, with
``wayang_platforms = NAME`` in the configuration of pytest, or with a fixture ``bench`` of your own that gives a
:class:`~jupyter_wayang.testing.runner.Bench`.

Every case is an operator on tables. :mod:`~jupyter_wayang.testing.reference` says in plain Python which rows it makes;
the platform makes the same, or declares that it does not run it and says why.
"""
