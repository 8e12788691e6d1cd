import pickle


def write_page(path, done):
    import sys

    pickle.dump(done, open("/tmp/peers/done.pkl", "wb"))
