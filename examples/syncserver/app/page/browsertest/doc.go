// Package browsertest has tests only: they play with the page as people do, with the mouse
// and the keyboard of a headless Chromium, or of Firefox with FIELDLWW_BROWSER=firefox, against
// a server in a process of its own. A proxy between them breaks off, holds back and loses what
// they say.
//
// A test that reads like a story is made of these: visit opens the page on a new server,
// and gives a screen, which is a tab, with a panel for each of the two sides. What a panel
// shows, and what the server has, is compared as contents.
//
// With FIELDLWW_SCREENSHOTS, the tests leave pictures in that directory.
package browsertest
