"""Dashboards as code: the questions and dashboards as files, what Metabase gets of them, and the provisioner.

::

    questions/*.sql ──┐ book.read ─▶ Book ─┬─▶ the preview at home
    dashboards/*.yaml ┘                    └─▶ render ─▶ plan ─▶ apply ─▶ Metabase
"""
