// Package ports reserves ports for servers that tests and the load command start and restart.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Reserved are addresses of this machine, host:port, that stay free while no server of the test listens there.
//
// If the system chose the ports, another program could get one of them while a server restarts. So these ports are
// below those that the common systems choose. For each, an open UDP socket with the same number keeps Reserve from
// choosing the port again, also in other processes.
type Reserved struct {
	Addresses []string
	held      []net.PacketConn
}

// The ports from first to before end are reserved. Browsers open all of them.
const first, end = 11_000, 20_000

// Reserve reserves n addresses until Release is called or the process ends. The caller keeps the Reserved until then,
// because the sockets are closed when it is garbage.
func Reserve(n int) (*Reserved, error) {
	r := new(Reserved)
	for range 100 * (n + 1) {
		if len(r.Addresses) == n {
			return r, nil
		}
		r.try(fmt.Sprint("127.0.0.1:", first+rand.IntN(end-first)))
	}
	r.Release()
	return nil, errors.New("too few ports are free")
}

// try reserves an address if it is free.
func (r *Reserved) try(address string) {
	held, err := net.ListenPacket("udp", address)
	if err != nil {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		held.Close()
		return
	}
	listener.Close()
	r.Addresses, r.held = append(r.Addresses, address), append(r.held, held)
}

// Release lets others use the addresses.
func (r *Reserved) Release() {
	for _, held := range r.held {
		held.Close()
	}
	r.held = nil
}
