//go:build race

package exchange

const raceEnabled = true

// poison overwrites released memory in race builds, so that a view kept too long
// shows up as wrong bytes in a test and not as luck.
func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
