"""What people typed, brought to one form: e-mail addresses, telephone numbers, names, corporate numbers, domains.

Each module defines one pure function on one text, and a form of it over an Arrow array for the dbt models. The array
should hold distinct values: every value is worked on once.
"""
