"""The monthly marketing × sales meeting pack: what missed, why, and which contents' leads became meetings.

One self-contained HTML file, in English or Japanese, and the same as PDF. Every number comes from the published marts:
`queries/<name>.sql` reads, `charts.py` draws, `pages/<page>.html` lays out, `texts.yml` has the words.
"""

from serving.monthly_pack.pack import Pack, make
from serving.monthly_pack.pdf import print_pdf

__all__ = ["Pack", "make", "print_pdf"]
