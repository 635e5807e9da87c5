package clustertest

import (
	"net"
	"sync"
)

// A Proxy passes connections on to another address. Its methods may be called concurrently.
type Proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	moved *sync.Cond
	there bool // whether bytes to the target pass
	back  bool // whether bytes from the target pass
	conns map[net.Conn]bool
}

// NewProxy starts a proxy to target on a free port of this machine.
func NewProxy(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, there: true, back: true, conns: map[net.Conn]bool{}}
	p.moved = sync.NewCond(&p.mu)
	go p.serve()
	return p, nil
}

// Address returns the address of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Set says which bytes pass. The others are held back, and pass later. New connections are accepted
// in any case.
func (p *Proxy) Set(there, back bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.there, p.back = there, back
	p.moved.Broadcast()
}

// Drop ends all connections, with what was held back.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
	clear(p.conns)
}

// Close ends the proxy.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Set(true, true)
	p.Drop()
}

func (p *Proxy) serve() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.target)
		if err != nil {
			from.Close()
			continue
		}
		p.mu.Lock()
		p.conns[from], p.conns[to] = true, true
		p.mu.Unlock()
		go p.copy(to, from, &p.there)
		go p.copy(from, to, &p.back)
	}
}

// copy passes bytes on while open is true, which the mutex guards.
func (p *Proxy) copy(to, from net.Conn, open *bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		for !*open {
			p.moved.Wait()
		}
		p.mu.Unlock()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
