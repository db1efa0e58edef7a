package manifest

import (
	"encoding/json"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// scalarKind is what a scalar means to an API server.
type scalarKind uint8

const (
	nullScalar scalarKind = iota
	boolScalar
	intScalar
	floatScalar
	stringScalar
)

// names for messages, as in "is a number, want a string".
func (k scalarKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a number", "a string"}[k]
}

// resolve appends a scalar's JSON and says what it means; false if its value does not fit its tag. Plain yes, no, on, off, y and n are booleans, as YAML 1.1 and
// therefore kubectl read them: a manifest must mean the same here as there. Timestamps are strings.
func resolve(n *yaml.Node, buf []byte) (scalarKind, []byte, bool) {
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return nullScalar, append(buf, "null"...), true
	case "!!bool":
		switch n.Value {
		case "true", "True", "TRUE":
			return boolScalar, append(buf, "true"...), true
		case "false", "False", "FALSE":
			return boolScalar, append(buf, "false"...), true
		}
	case "!!int", "!!float":
		return number(n, tag, buf)
	case "!!str", "!!timestamp":
		if n.Style == 0 {
			switch n.Value {
			case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
				return boolScalar, append(buf, "true"...), true
			case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
				return boolScalar, append(buf, "false"...), true
			}
		}
		return stringScalar, quote(buf, n.Value), true
	}
	return stringScalar, buf, false
}

func number(n *yaml.Node, tag string, buf []byte) (scalarKind, []byte, bool) {
	if tag == "!!int" && decimal(n.Value) {
		return intScalar, append(buf, n.Value...), true
	}
	var v any
	if n.Decode(&v) != nil {
		return intScalar, buf, false
	}
	switch v := v.(type) {
	case int:
		return intScalar, strconv.AppendInt(buf, int64(v), 10), true
	case int64:
		return intScalar, strconv.AppendInt(buf, v, 10), true
	case uint64:
		return intScalar, strconv.AppendUint(buf, v, 10), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return floatScalar, buf, false
		}
		text, err := json.Marshal(v)
		return floatScalar, append(buf, text...), err == nil
	}
	return intScalar, buf, false
}

// decimal reports whether s is an integer that reads the same in YAML and JSON, and fits 64 bits.
func decimal(s string) bool {
	if len(s) > 1 && s[0] == '-' {
		s = s[1:]
	}
	if s == "" || len(s) > 18 || len(s) > 1 && s[0] == '0' {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// quote appends s as a JSON string. Go's quoting is not JSON's, so anything but plain ASCII takes the slow way.
func quote(buf []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // a string always marshals
			return append(buf, text...)
		}
	}
	buf = append(buf, '"')
	buf = append(buf, s...)
	return append(buf, '"')
}
