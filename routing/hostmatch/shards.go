package hostmatch

import (
	"hash/maphash"
	"iter"
	"maps"
)

// shardCount is into how many maps the names of one kind are divided. A change copies one
// of them: with 10,000 names, some 40 entries.
const shardCount = 256

// shards is a map from string to V that is cheap to clone and change: clones share every
// shard until one of them changes it. The zero value is empty.
type shards[V any] struct {
	maps  *[shardCount]map[string]V
	owned *[shardCount]bool // shards that this one may change in place
	n     int
}

// seed makes the shard of a name unpredictable to who chooses names.
var seed = maphash.MakeSeed()

func shardOf(name []byte) uint64     { return maphash.Bytes(seed, name) % shardCount }
func shardOfName(name string) uint64 { return maphash.String(seed, name) % shardCount }

func (s *shards[V]) lookup(name []byte) (v V, ok bool) {
	if s.n == 0 {
		return v, false
	}
	v, ok = s.maps[shardOf(name)][string(name)]
	return v, ok
}

func (s *shards[V]) get(name string) (v V, ok bool) {
	if s.n == 0 {
		return v, false
	}
	v, ok = s.maps[shardOfName(name)][name]
	return v, ok
}

// own returns a shard that may be changed.
func (s *shards[V]) own(i uint64) map[string]V {
	if s.maps == nil {
		s.maps = new([shardCount]map[string]V)
	}
	if s.owned == nil {
		s.owned = new([shardCount]bool)
	}
	if !s.owned[i] {
		s.owned[i] = true
		if s.maps[i] = maps.Clone(s.maps[i]); s.maps[i] == nil {
			s.maps[i] = make(map[string]V)
		}
	}
	return s.maps[i]
}

func (s *shards[V]) set(name string, v V) {
	m := s.own(shardOfName(name))
	before := len(m)
	m[name] = v
	s.n += len(m) - before
}

func (s *shards[V]) delete(name string) {
	if _, ok := s.get(name); !ok {
		return
	}
	delete(s.own(shardOfName(name)), name)
	s.n--
}

// clone returns a copy; s must not be changed any more.
func (s *shards[V]) clone() shards[V] {
	c := shards[V]{n: s.n}
	if s.maps != nil {
		all := *s.maps
		c.maps = &all
	}
	return c
}

func (s *shards[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if s.maps == nil {
			return
		}
		for _, m := range s.maps {
			for name, v := range m {
				if !yield(name, v) {
					return
				}
			}
		}
	}
}
