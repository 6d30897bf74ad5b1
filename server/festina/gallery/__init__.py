"""The gallery: all candidates of a proposal on one page, to be compared and picked by a person.

:mod:`cards` says what is on the page, without input or output; :mod:`site` is the page as a web
application, :mod:`guard` who may ask it for anything, :mod:`serving` the thread that serves it on
this machine alone; :mod:`page` is its HTML, also as one file that stands by itself.
"""
