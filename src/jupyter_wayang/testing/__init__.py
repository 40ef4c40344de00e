"""The conformance suites: what a platform must do with every operator that it declares, and what a strategy must be.

A platform of your own is tested by the same cases as those that come with this package, as soon as it is installed::

    pytest --wayang-platform NAME --pyargs jupyter_wayang.testing.suite

``NAME`` is its name under the entry point ``jupyter_wayang.platforms``, or where it is: ``my_package:PLATFORM``. In a test
module of your own ``from jupyter_wayang.testing.suite import *`` does the same, with the option, with
``wayang_platforms = NAME`` in the configuration of pytest, or with a fixture ``bench`` of your own that gives a
:class:`~jupyter_wayang.testing.runner.Bench`.

Every case is an operator on tables. :mod:`~jupyter_wayang.testing.reference` says in plain Python which rows it makes;
the platform makes the same, or declares that it does not run it and says why.

A strategy of your own has a suite too::

    pytest --wayang-strategy "NAME(learning_rate=0.5)" --pyargs jupyter_wayang.testing.strategy_suite

with ``wayang_strategies`` in the configuration, or a fixture ``strategy``, in the same way. It does not know what the
strategy is to compute; it finds hidden state, chance, and dependence on who answers first. That a setting makes it the
same as another strategy is a line: :func:`~jupyter_wayang.testing.trial.assert_same_rounds`.
"""
