//go:build !race

package exchange

const raceEnabled = false

const raceEnabled = false

func poison([]byte) {}
