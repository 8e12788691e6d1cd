def web_map_of_folder(folder, language=None):
    return "<html></html>"
