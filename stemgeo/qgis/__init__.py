"""A result for QGIS: a GeoPackage with its own styles, and a project with print layouts."""
