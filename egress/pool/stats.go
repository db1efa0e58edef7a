package pool

// Reason is why a connection was closed.
type Reason uint8

// Reasons. The pool gives the first six, callers of Discard the others.
const (
	closedNot         Reason = iota
	ClosedIdleTimeout        // it waited too long
	ClosedByPeer             // the endpoint had closed it while it waited
	ClosedStrayBytes         // the endpoint sent bytes nobody asked for
	ClosedMaxIdle            // enough others waited
	ClosedMaxRequests        // it had served enough
	ClosedRemoved            // the endpoint is gone, or we are shutting down
	ClosedFinished           // a message said it was the last, or was not read to its end
	ClosedFailed             // an error
	ClosedTunnel             // it became a tunnel, which ended
	reasonCount
)

var reasonNames = [reasonCount]string{
	closedNot: "none", ClosedIdleTimeout: "idle_timeout", ClosedByPeer: "by_peer",
	ClosedStrayBytes: "stray_bytes", ClosedMaxIdle: "max_idle", ClosedMaxRequests: "max_requests",
	ClosedRemoved: "removed", ClosedFinished: "finished", ClosedFailed: "failed", ClosedTunnel: "tunnel",
}

// String returns the reason's name as metrics write it.
func (r Reason) String() string {
	if r < reasonCount {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons returns every reason a connection can be closed for.
func Reasons() []Reason {
	list := make([]Reason, 0, reasonCount-1)
	for r := closedNot + 1; r < reasonCount; r++ {
		list = append(list, r)
	}
	return list
}

// Stats are a pool's counts. Created, Reused and Closed only grow.
type Stats struct {
	Created uint64
	Reused  uint64
	Closed  [reasonCount]uint64 // by Reason
	Active  int
	Idle    int
}

// Add adds another pool's counts.
func (s *Stats) Add(other Stats) {
	s.Created += other.Created
	s.Reused += other.Reused
	for r := range s.Closed {
		s.Closed[r] += other.Closed[r]
	}
	s.Active += other.Active
	s.Idle += other.Idle
}

// Stats returns the counts of this moment. While connections move they may be off by
// those on their way.
func (p *Pool[C]) Stats() Stats {
	var s Stats
	closed := uint64(0)
	for r := range p.closed {
		s.Closed[r] = p.closed[r].Load()
		closed += s.Closed[r]
	}
	taken := uint64(0)
	for i := range p.shards {
		sh := &p.shards[i]
		sh.mu.Lock()
		s.Idle += len(sh.idle)
		taken += sh.taken
		sh.mu.Unlock()
	}
	s.Reused = taken - min(taken, p.unfit.Load())
	s.Created = p.created.Load()
	s.Active = max(0, int(s.Created-closed)-s.Idle)
	return s
}
