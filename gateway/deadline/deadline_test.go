package deadline

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTimerExpires(t *testing.T) {
	tests := []struct {
		name  string
		arm   time.Duration
		after time.Duration
		want  bool
	}{
		{"not yet", 5 * time.Second, 4900 * time.Millisecond, false},
		{"due", 5 * time.Second, 5*time.Second + 3*Interval, true},
		{"at once", 0, 3 * Interval, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New()
				defer s.Stop()
				var timer Timer
				expired := 0
				s.Add(&timer, func() { expired++ })
				timer.Arm(tt.arm)
				time.Sleep(tt.after)
				synctest.Wait()
				if (expired == 1) != tt.want || timer.Fired() != tt.want {
					t.Errorf("expired %d times, fired %v; want %v", expired, timer.Fired(), tt.want)
				}
			})
		})
	}
}

func TestRearmAndDisarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Stop()
		var timer Timer
		expired := 0
		s.Add(&timer, func() { expired++ })
		for range 10 {
			timer.Arm(time.Second)
			time.Sleep(900 * time.Millisecond)
		}
		timer.Disarm()
		time.Sleep(time.Minute)
		synctest.Wait()
		if expired != 0 {
			t.Errorf("expired %d times although re-armed and disarmed", expired)
		}
	})
}

func TestRearmFromExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Stop()
		var timer Timer
		expired := 0
		s.Add(&timer, func() {
			expired++
			timer.Rearm(time.Second)
		})
		timer.Arm(time.Second)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if expired < 4 || expired > 5 {
			t.Errorf("expired %d times in 5s, want every second", expired)
		}
		timer.Arm(time.Hour)
		timer.Rearm(time.Second)
		before := expired
		time.Sleep(time.Minute)
		synctest.Wait()
		if expired != before {
			t.Error("Rearm overruled an Arm")
		}
	})
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Stop()
		timers := make([]Timer, 100)
		expired := 0
		for i := range timers {
			s.Add(&timers[i], func() { expired++ })
			timers[i].Arm(time.Second)
		}
		for i := range 50 {
			s.Remove(&timers[i*2])
			s.Remove(&timers[i*2]) // twice does no harm
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if expired != 50 || s.Len() != 50 {
			t.Errorf("expired %d of 50, %d left of 50", expired, s.Len())
		}
	})
}

func BenchmarkArm(b *testing.B) {
	s := New()
	defer s.Stop()
	var timer Timer
	s.Add(&timer, func() {})
	for b.Loop() {
		timer.Arm(time.Minute)
	}
}
