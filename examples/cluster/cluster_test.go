package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPasswordsAreNotPrinted(t *testing.T) {
	for urls, want := range map[string]string{
		"nats://h:1": "nats://h:1",
		"nats://ana:secret@h:1, tls://x:secret@i:2": "nats://h:1,tls://i:2",
		"ana:secret@h:1": "h:1",
		"nats://ana:secret@secret@h:1,nats://t@h:99": "nats://h:1,nats://h:99",
	} {
		require.Equal(t, want, withoutUsers(urls))
	}
	for _, urls := range []string{"nats://ana:secret@127.0.0.1:1", "nats://ana:secret@127.0.0.1:port", "nats://ana:secret@[", "nats://ana secret@h"} {
		_, err := settings{nats: urls}.connect()
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret@", urls)
		require.NotContains(t, err.Error(), ":secret", urls)
	}
}
