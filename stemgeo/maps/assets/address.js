// What is looked at has an address, such as #44021, and the browser's own history leads back.
// `find` gives the entry of a key; `go` is told it and whether to move there; `leave` is called
// without an address, `miss` with a key that nothing has.
const keepAddress = ({ find, go, leave, miss }) => {
  let pointed = null; // chosen on the map itself: it is in sight

  const key = () => {
    const written = window.location.hash.slice(1);
    try {
      return decodeURIComponent(written);
    } catch {
      return written;
    }
  };

  const follow = () => {
    const wanted = key();
    const entry = find(wanted);
    if (entry) go(entry, { moves: pointed !== wanted });
    else if (!wanted) leave();
    else if (!document.getElementById(wanted)) miss(wanted);
    pointed = null;
  };

  window.addEventListener("hashchange", follow);
  if (key()) follow();

  const visit = (wanted, { moves = true } = {}) => {
    pointed = moves ? null : wanted;
    if (key() === wanted) follow();
    else window.location.hash = encodeURIComponent(wanted);
  };
  return visit;
};
