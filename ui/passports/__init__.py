"""An environment passport as people read it: on the public page and as a PDF.

view.py   what both say, in words
plot.py   one metric during the work, as lines in a box
svg.py    the plot on a page
pdf.py    the PDF: one or two pages A4, with the record as an attachment
fonts.py  its fonts
"""
