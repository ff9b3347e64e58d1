"""The dashboards at home, in a browser: the same files as Metabase gets, over the query port, live.

::

    address ─▶ page ─▶ board ─▶ live (a card) ─▶ answers ─▶ worker (a process each) ─▶ the query port
                                  │  ▲
                            drawing  versions (the tables' logs)

``drawing`` is pure: a question and its answer to what is shown. NiceGUI is known to ``page`` and what it puts together
(``board``, ``card``, ``filters``, ``editor``) and to ``server``. ``gate`` stands before all.
"""
