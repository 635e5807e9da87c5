// Package browsertest contains only tests. They use the page as people do, with mouse and keyboard,
// in a headless Chromium (or Firefox if FIELDLWW_BROWSER=firefox is set), against a server in a
// process of its own. A proxy between the browser and the server cuts connections, delays requests
// and loses answers.
//
// A test reads like a story. It begins with visit, which opens the page of a new server in a tab
// and returns the tab as a screen, with a panel for each of the two sides. To compare what the
// panels show with what the server stores, both are read as values of type contents.
//
// No test may depend on how fast the browser or the server is: it waits for what a user would see. The flag -slow delays
// requests and answers by random times, which shows the tests that do not wait.
//
// If FIELDLWW_SCREENSHOTS names a directory, the tests leave pictures in it.
package browsertest
