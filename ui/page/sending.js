// Sends a file to the server; gives the token that it goes by there, or what is wrong.
async function sendFile(file) {
  try {
    const sent = await fetch(`uploads?${new URLSearchParams({name: file.name})}`, {
      method: 'POST', body: file, headers: {'Content-Type': 'application/octet-stream'},
    });
    const told = await sent.json();
    return sent.ok ? {token: told.token} : {error: `${file.name} could not be sent: ${told.detail}`};
  } catch {
    return {error: `${file.name} could not be sent: the server is busy, or is not there. Try again.`};
  }
}
