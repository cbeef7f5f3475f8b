"""Own collections on disk, in LanceDB: imports, edits, versions. Knows no model and no widgets.

    from engrave.shelf.shelf import Edit, Shelf, open_collection
    from engrave.shelf.importer import Importer
    from engrave.sources import open_source

    shelf = Shelf()                                     # or Shelf(a folder of a visitor's session)
    importer = Importer(shelf, engine.studio, captions=False)
    report = importer.run(open_source("prints/"), "prints", origin="prints/", progress=progress)
    if shelf.wants_map("prints"):
        shelf.draw_map("prints", progress)              # a minute; until then the simple map
    volume = shelf.open("prints")                       # a Collection: items, nearest, sprite

Nothing is imported here, so that the command line can read the options without waiting.
"""
