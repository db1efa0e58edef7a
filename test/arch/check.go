package arch

import (
	"fmt"
	"slices"
	"strings"
)

// Room is a folder with one rule about what its packages may import. A package belongs to the room with
// the longest matching path, so that "gateway/wire" is not "gateway".
type Room struct {
	Path  string   // folder relative to the module root; packages below belong to it too
	Alone bool     // the folder only: each package below needs a row of its own
	May   []string // rooms its packages may import, beside their own
	Why   string
}

// Ban forbids packages from outside the module.
type Ban struct {
	Rooms   []string // folders the ban holds for, with all below them
	Imports []string // import paths; a path also covers everything below it
	Linked  bool     // true: not even through other packages; false: only a direct import counts
	Why     string
}

// Rules is a whole table.
type Rules struct {
	Folders []string // top-level folders that may hold Go code
	NoFiles []string // folders that may hold packages below them but no Go file themselves
	Rooms   []Room
	Bans    []Ban
}

// Check returns one line for each violation, sorted by package; none means the graph obeys the rules.
func (r Rules) Check(g Graph) []string {
	var found []string
	for _, pkg := range g.own() {
		found = append(found, r.checkPlace(pkg)...)
		found = append(found, r.checkRoom(g, pkg)...)
		found = append(found, r.checkBans(g, pkg)...)
	}
	return found
}

// checkPlace asks whether the package may exist where it is.
func (r Rules) checkPlace(pkg string) []string {
	top, _, _ := strings.Cut(pkg, "/")
	if !slices.Contains(r.Folders, top) {
		return []string{fmt.Sprintf("%s: Go code outside the closed list of top-level folders (%s)",
			show(pkg), strings.Join(r.Folders, " "))}
	}
	if slices.Contains(r.NoFiles, pkg) {
		return []string{fmt.Sprintf("%s: no Go file may stand directly in this folder", pkg)}
	}
	if _, ok := r.room(pkg); !ok {
		return []string{fmt.Sprintf("%s: no room of the table holds this package; add it to rules.go and docs/ARCHITECTURE.md", pkg)}
	}
	return nil
}

// checkRoom asks of each import within the module whether the room allows it.
func (r Rules) checkRoom(g Graph, pkg string) []string {
	from, ok := r.room(pkg)
	if !ok {
		return nil // checkPlace has said so
	}
	var found []string
	for _, path := range g[join(pkg)] {
		target, own := relative(path)
		if !own {
			continue
		}
		to, ok := r.room(target) // a target without a room is a finding of its own
		if !ok || to.Path == from.Path || slices.Contains(from.May, to.Path) {
			continue
		}
		found = append(found, fmt.Sprintf("%s → %s: room %s may not import room %s (%s)",
			pkg, target, from.Path, to.Path, from.Why))
	}
	return found
}

// checkBans asks whether the package reaches something from outside that its room may not have.
func (r Rules) checkBans(g Graph, pkg string) []string {
	var found []string
	for _, ban := range r.Bans {
		if !slices.ContainsFunc(ban.Rooms, func(room string) bool { return under(pkg, room) }) {
			continue
		}
		banned := func(path string) bool {
			return slices.ContainsFunc(ban.Imports, func(p string) bool { return under(path, p) })
		}
		var way []string
		if ban.Linked {
			way = g.chain(join(pkg), banned)
		} else if i := slices.IndexFunc(g[join(pkg)], banned); i >= 0 {
			way = []string{join(pkg), g[join(pkg)][i]}
		}
		if way != nil {
			found = append(found, fmt.Sprintf("%s: banned import (%s)", arrows(way), ban.Why))
		}
	}
	return found
}

// room returns the room that holds a package.
func (r Rules) room(pkg string) (Room, bool) {
	var best Room
	for _, room := range r.Rooms {
		if under(pkg, room.Path) && len(room.Path) > len(best.Path) {
			best = room
		}
	}
	return best, best.Path != "" && (pkg == best.Path || !best.Alone)
}

// arrows prints an import chain, our own packages without the module's name.
func arrows(way []string) string {
	short := make([]string, len(way))
	for i, path := range way {
		short[i] = path
		if rel, ok := relative(path); ok {
			short[i] = show(rel)
		}
	}
	return strings.Join(short, " → ")
}

// join is the import path of a package given relative to the module root.
func join(rel string) string {
	if rel == "" {
		return Module
	}
	return Module + "/" + rel
}

// show names a relative path for a reader, the module's root included.
func show(rel string) string {
	if rel == "" {
		return "(module root)"
	}
	return rel
}
