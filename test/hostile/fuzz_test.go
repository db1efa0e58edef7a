package hostile

import (
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// FuzzTreasure sends bytes through a whole gateway under oracles A and C.
func FuzzTreasure(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if len(c.Raw) < 4<<10 {
			f.Add([]byte(c.Raw))
		}
	}
	n := 0
	for raw := range smuggled() {
		if n++; n%20 == 0 { // the fuzzer finds the neighbours
			f.Add([]byte(raw))
		}
	}
	for raw := range mutatedTargets() {
		if n++; n%200 == 0 {
			f.Add([]byte(raw))
		}
	}
	v := newVault(f, "")
	f.Fuzz(func(t *testing.T, raw []byte) {
		v.wantSafe(t, string(raw), v.send(t, string(raw)))
	})
}
