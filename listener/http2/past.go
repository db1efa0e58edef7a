package http2

// How a stream ended.
const (
	pastUnknown uint8 = iota // so long ago that we have forgotten, or never opened
	pastEnded                // both sides said so
	pastReset                // the client reset it
	pastOurs                 // we did: frames may have been on their way
)

// past remembers the last streams that ended, so that a late frame can be told from a
// wrong one (RFC 9113 §5.1, "closed"). Its zero value is empty.
type past struct {
	ended []pastStream
	at    int
}

type pastStream struct {
	id  uint32
	how uint8
}

func (p *past) add(id uint32, how uint8) {
	if len(p.ended) < remembered {
		p.ended = append(p.ended, pastStream{id, how})
		return
	}
	p.ended[p.at] = pastStream{id, how}
	p.at = (p.at + 1) % remembered
}

func (p *past) how(id uint32) uint8 {
	for _, s := range p.ended {
		if s.id == id {
			return s.how
		}
	}
	return pastUnknown
}
