//go:build !linux

package transport

// ackedBytes is not known on other systems.
func ackedBytes(uintptr) (uint64, bool) { return 0, false }
